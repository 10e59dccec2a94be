"""Words that French and English passwords are most often made of; lower case, without accents."""

from __future__ import annotations

COMMON_WORDS = frozenset(
    """
    abc abcabc abcd abcde abcdef abcdefg abcdefgh acces access acoss adam admin administrateur administrator
    adrien agirc aigle ajaccio alexandra alexandre alexis algerie allah alphabet alsace amandine amazon ameli
    amelie amen america american ami amie amiens amina amine amis amitie amour amours anais andrea andrew android
    ange angel angela angels angers anniversaire anthony antilles antoine aout appartement apple apples april
    aqwxsz aqwzsx arcenciel argent arrco arsenal arthur asdf asdfgh asdfghjkl ashley asse asterix audi audrey
    august aurelie aurelien aurevoir austin auto automne autumn avril axel azer azert azerty azertyuiop azqsdf
    baby babygirl bailey bambi banana banane baptiste barcelona barcelone baseball basket basketball bastia
    bastien batman batterie beach beatles beau beaute beautiful bebe beethoven belgique bella belle benjamin
    benoit benzema berlin bernard besancon bibiche bienvenue biquette biscuit bismillah bisou bisous blanc blanche
    blazer bleu bonbon bonheur bonjour bonnejournee bonnenuit bonobo bonsoir booboo bordeaux bordel boris bouddha
    boulot bouygues boy brasil brazil brest bretagne bruno buddha bureau buster butterfly caca caen caf cafe calin
    calvin camaro camille canada canard caramel caroline carsat catherine cecile celine cerise cfe chaise chambre
    chance change changeme changer changermoi charlie charlotte chat chaton chatte cheese chef chelsea cheri
    cherie cheval chevaux chicken chien chienne chloe chocolat chouchou christian christine christmas christophe
    ciel citroen citron claire claude cle clement clementine clermont cles client clients clio cnav cochon coco
    cocolapin cocotte coeur commercial compta comptabilite comptable compte computer connard connexion cookie
    corinne corse corsica corvette coucou courage cowboy cpam cristal crystal cuisine cutie cyclisme cyril daisy
    dallas damien dance daniel danse dauphin david december decembre declarant declaration declarations default
    defaut delphine demo denis diable diamant diamond didier dieu dijon dimanche directeur direction directrice
    disney dolphin dominique donald doudou dragon dragonball dsn ducati dylan edward egalite elodie elysee
    emeraude emilie eminem emma encule enfant enfants entreprise entreprises enzo eric espagne espoir essai
    estelle ete etienne etoile etoiles eurl europe eva example excel exemple fabien fabrice facebook falcon fall
    famille fantome fatima february fenetre ferrari fevrier fille fils fleur fleurs florence florian flower foot
    football force foret formateur formation fortnite fournisseur fraise framboise francais francaise france
    franck francois francoise fraternite frederic freedom frere friday friend friends frodon fuck fucker fuckyou
    gabriel gaelle gandalf garcon gateway george georges gerard gestion gestionnaire gilles ginger gip girl gmail
    goku golf golfer google gouvernement grand grande grenoble griezmann gris guadeloupe guerrier guest guillaume
    guitar guitare guyane hallo hallyday hammer handball happy harley harrypotter helene hello henri herve
    heureuse heureux hiver hobbit hockey hola holding honda honey hope hotgirl hotmail house hugo hunter
    identifiant identifiants iloveu iloveyou ilyes imane impot impots inaya inchallah ines inshallah instagram
    internet invite iphone iris isabelle italie jacques january janvier jardin jasmin jaune jean jeanne jehovah
    jennifer jeremy jerome jessica jesus jesuschrist jetadore jetaime jeudi joel johan johnny joie joli jolie
    jonathan jordan joseph joshua jtm judo juillet juin julie julien juliette july june justine juventus karate
    karim karine kawasaki kevin kiki killer knight laetitia lapin laura laurence laurent lavande lea leo letmein
    liberte liberty licorne lilas lille lily limoges lina linux lion lionne lisbonne lit liverpool login lola
    london londres lorraine louis louise loulou loulouette louloute loup louve love lovely loveme lover loveyou
    luc lucas lucie lucifer lucky ludovic lundi lune lyon madonna madrid magali maggie mai mairie maison maman
    mamie mamour mamours manchester manon marc march mardi marguerite marianne marie mario marion marmotte maroc
    marron mars marseille martin martine martinique master mathieu mathilde matrix matthieu maxence maxime may
    mayotte mbappe mdp mdpasse mds megane mehdi melanie melissa mer mercedes merci mercredi merde merlin messi
    metal metallica metier metz michael michel michele michelle mickael mickey microsoft mignon mignonne milan
    minecraft minette ministere minnie minou mohamed monamour moncoeur monday money monique monkey monster
    montagne montpellier moon morgane motdepasse moto motpasse mozart msa mulhouse music musique mustang myriam
    nadia nancy nantes naruto nascar natation nathalie nathan neige netentreprises netflix network neymar nice
    nicolas nicole nimes ninja nintendo nirvana noel noemie noir normandie nounou nounours nouvelannee november
    novembre nuage nutella obelix ocean oceane october octobre office oiseau olivier olympique om onepiece orage
    orange orchidee ordinateur orleans outlook ouvretoi paie paix panda papa papi papillon papy paques paris
    pascal pass passe passw passwd password passwort patrice patricia patrick patron paul pauline paye peace
    peanut pepette pepper perle perpignan petit petitange petite peugeot phantom phenix philippe phoenix piano
    pierre pikachu pipi pirate pitchou pitchoune plage playstation please pluie poisson pokemon pomme porsche
    porte portugal potter poulet poupee poupette poussin prefecture president prince princess princesse printemps
    prout provence provisoire psg puce pupuce purple pussy putain qazwsx qsdfgh qsdfghjklm quebec quentin qwer
    qwerty qwertyuiop qwertz rachel rachid racing rainbow ranger raphael rayan realmadrid regis reims reine remi
    remy renaud renault rennes republique requin reseau retraite reunion revolution richard rihanna robert robin
    rock roi romain rome ronaldo root rose rosier rouen rouge rubis rugby sabrina salaire salaires salope salut
    samedi samir samourai samsung samuel sandra sandrine sangoku saphir sarah sarl sasu satan saturday sebastien
    secret secretaire secretariat secrets senegal september septembre serge serpent server serveur service
    services sesame sexy shadow silver simba simon siren siret skywalker smile soccer societe soeur sofia soldat
    soleil soleils sophie sourire souris sparky spiderman spring star stars starwars stephane stephanie stitch
    strasbourg suisse summer sun sunday sunset sunshine superman sweet sweety sylvain sylvie system systeme table
    tagueule tata taylor tempete temporaire tennis test teste tester theo thierry thomas thunder thursday tiger
    tigger tigre tinker tintin titi titou tonton tortue toto toulon toulouse tours toutou toyota travail tresor
    tristan trustno trustnoone tuesday tulipe tunisie twingo twitter urssaf usa user utilisateur vacance vacances
    vache valentin valentine valerie vampire vanessa vanille vegeta velo vendredi vent veronique vert victoire
    victor victory vincent violet violette virginie vivien voiture volkswagen volley wanadoo warrior wednesday
    weekend welcome wifi william windows winston winter word wxcvbn xavier xbox yahoo yamaha yankees yann yannick
    yasmine yellow yohan youtube zelda zidane zizou zoe zombie zxcv zxcvbn zxcvbnm
    """.split()
)
